// The comparison: the same pictures through OpenCV's dnn module with YuNet and the same descriptor network.
//
// What a user of OpenCV would write: detector, five points, similarity warp to the 112 px template, descriptor.
// Decoding is outside the measured time, as it is in the other engines' figures with "decode": false.
// Usage: pipeline YUNET.onnx DESCRIPTOR.onnx THREADS PICTURE...
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <opencv2/calib3d.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

struct Face {
    cv::Rect2f box;
    float score;
    cv::Point2f points[5];
};

static std::vector<Face> decode(const std::vector<cv::Mat> &outs, int width, int height)
{
    std::vector<Face> faces;
    const int strides[3] = {8, 16, 32};
    for (int level = 0; level < 3; level++) {
        int s = strides[level], cols = width / s, rows = height / s;
        const float *cls = outs[level].ptr<float>(), *obj = outs[3 + level].ptr<float>();
        const float *box = outs[6 + level].ptr<float>(), *kps = outs[9 + level].ptr<float>();
        for (int i = 0; i < rows * cols; i++) {
            float score = std::sqrt(cls[i] * obj[i]);
            if (score < 0.6f)
                continue;
            Face f;
            float col = float(i % cols), row = float(i / cols);
            float w = std::exp(box[4 * i + 2]) * s, h = std::exp(box[4 * i + 3]) * s;
            f.box = {(col + box[4 * i]) * s - w / 2, (row + box[4 * i + 1]) * s - h / 2, w, h};
            f.score = score;
            for (int k = 0; k < 5; k++)
                f.points[k] = {(col + kps[10 * i + 2 * k]) * s, (row + kps[10 * i + 2 * k + 1]) * s};
            faces.push_back(f);
        }
    }
    return faces;
}

static const Face *best_of(const std::vector<Face> &faces)
{
    std::vector<cv::Rect> boxes;
    std::vector<float> scores;
    for (const Face &f : faces) {
        boxes.push_back(f.box);
        scores.push_back(f.score);
    }
    std::vector<int> kept;
    cv::dnn::NMSBoxes(boxes, scores, 0.6f, 0.4f, kept);
    return kept.empty() ? nullptr : &faces[size_t(kept[0])];
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        std::fprintf(stderr, "usage: %s YUNET.onnx DESCRIPTOR.onnx THREADS PICTURE...\n", argv[0]);
        return 2;
    }
    cv::setNumThreads(std::atoi(argv[3]));
    cv::dnn::Net detector = cv::dnn::readNetFromONNX(argv[1]);
    cv::dnn::Net descriptor = cv::dnn::readNetFromONNX(argv[2]);
    const std::vector<cv::String> names = {"cls_8",  "cls_16",  "cls_32",  "obj_8", "obj_16", "obj_32",
                                           "bbox_8", "bbox_16", "bbox_32", "kps_8", "kps_16", "kps_32"};
    const std::vector<cv::Point2f> to = {
        {38.29f, 51.70f}, {73.53f, 51.50f}, {56.03f, 71.74f}, {41.55f, 92.37f}, {70.73f, 92.20f}};
    std::vector<cv::Mat> pictures;
    for (int i = 4; i < argc; i++) {
        cv::Mat picture = cv::imread(argv[i]);
        if (!picture.empty())
            pictures.push_back(picture);
    }
    int found = 0;
    double seconds = 0;
    for (int pass = 0; pass < 2; pass++) { // the first warms up
        found = 0;
        auto start = std::chrono::steady_clock::now();
        for (const cv::Mat &picture : pictures) {
            // Padded to a multiple of 32, as mien does.
            int w = (picture.cols + 31) / 32 * 32, h = (picture.rows + 31) / 32 * 32;
            cv::Mat padded;
            cv::copyMakeBorder(picture, padded, 0, h - picture.rows, 0, w - picture.cols, cv::BORDER_CONSTANT);
            detector.setInput(cv::dnn::blobFromImage(padded));
            std::vector<cv::Mat> outs;
            detector.forward(outs, names);
            std::vector<Face> faces = decode(outs, w, h);
            const Face *face = best_of(faces);
            if (!face)
                continue;
            found++;
            std::vector<cv::Point2f> from(face->points, face->points + 5);
            cv::Mat m = cv::estimateAffinePartial2D(from, to, cv::noArray(), cv::LMEDS), chip;
            cv::warpAffine(picture, chip, m, {112, 112});
            cv::Mat blob = cv::dnn::blobFromImage(chip, 1 / 255.0, {112, 112}, {0.485 * 255, 0.456 * 255, 0.406 * 255}, true);
            const float deviation[3] = {0.229f, 0.224f, 0.225f};
            for (int c = 0; c < 3; c++)
                cv::Mat(112, 112, CV_32F, blob.ptr<float>(0, c)) /= deviation[c];
            descriptor.setInput(blob);
            cv::Mat v = descriptor.forward();
            cv::normalize(v, v);
        }
        seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    std::printf("{\"engine\": \"OpenCV %s dnn\", \"threads\": %s, \"images\": %zu, \"faces\": %d, \"images_per_s\": %.1f, "
                "\"decode\": false}\n",
                CV_VERSION, argv[3], pictures.size(), found, double(pictures.size()) / seconds);
    return 0;
}
